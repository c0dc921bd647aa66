// Package sluice is the app's side of sluice for Go >= 1.19: one file, standard library only; copy it into your module.
// Connect first of all, then bind the port and call Ready; when Stop is closed, shut the server down.
package sluice

import (
	"bufio"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// App is this process as sluice knows it. Its methods may be called from any goroutine.
type App struct {
	Stop          <-chan struct{} // closed on SIGTERM or SIGINT, once sluice sends no new requests
	control, slot string
	hello         object
	reload        func() error
	begin         sync.Once
	phase         atomic.Int32 // waiting and accepted, as often as it takes; at last over
	gating        sync.Mutex
	gates         map[string]object // by path; said again after each handshake: sluice may have been restarted
}

type object = map[string]any

const waiting, accepted, over = 0, 1, 2

// Connect reads SLUICE_CONTROL and SLUICE_SLOT and registers the handlers; without SLUICE_CONTROL the app runs alone.
// reload (or nil) is called for `sluice reload`, one call at a time. signals: others that the app handles: "SIGUSR2".
func Connect(version string, reload func() error, signals ...string) (*App, error) {
	stop, received, random := make(chan struct{}), make(chan os.Signal, 1), make([]byte, 16)
	control, _, _ := strings.Cut(os.Getenv("SLUICE_CONTROL"), ",")
	a := &App{Stop: stop, control: control, slot: os.Getenv("SLUICE_SLOT"), reload: reload, gates: map[string]object{}}
	if control == "" {
		a.phase.Store(over)
		log.Print("sluice: SLUICE_CONTROL is not set; running without sluice")
	} else if a.slot == "" {
		return nil, errors.New("sluice: SLUICE_CONTROL is set, SLUICE_SLOT is not: which slot is this?")
	}
	if signals = append(signals, "SIGTERM", "SIGINT"); reload != nil {
		signals = append(signals, "reload")
	} else { // sluice sends it to whoever declares SIGUSR2, too
		a.reload = func() error { return errors.New("the app has no function for it") }
	}
	_, err := rand.Read(random)
	a.hello = object{"version": version, "instance": fmt.Sprintf("%x", random), "signals": signals, "pid": os.Getpid()}
	signal.Notify(received, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-received
		signal.Reset(syscall.SIGINT)        // a second Ctrl-C ends the process at once
		if a.phase.Swap(over) == accepted { // else it would hit another process: it is said of the slot
			_ = a.tell("POST", "/stopping", object{})
		}
		close(stop)
	}()
	return a, err
}

// Ready begins the handshake, and repeats it until it works. Call it once the port is bound.
func (a *App) Ready() { a.begin.Do(func() { go a.keep() }) }

// Gate says a gate; an error: not taken now. It is said again after each handshake, but not with a ttl ("30s").
func (a *App) Gate(name string, open bool, reason, ttl string) error {
	path, gate := "/gates/"+url.PathEscape(name), object{"open": open, "reason": reason}
	a.gating.Lock()
	defer a.gating.Unlock()
	a.gates[path] = gate
	if ttl != "" {
		gate["ttl"] = ttl
		delete(a.gates, path)
	}
	if a.phase.Load() != accepted {
		return errors.New("sluice: not connected")
	}
	return a.tell("PUT", path, gate)
}

// keep opens the lifeline again and again, until it is over.
func (a *App) keep() {
	for delay, last := 50*time.Millisecond, ""; a.phase.Load() != over; time.Sleep(delay) {
		trouble := fmt.Sprint(a.request("POST", "/handshake", a.hello, 45*time.Second, a.hear)) // three pings
		if a.phase.CompareAndSwap(accepted, waiting) {
			delay, last = 50*time.Millisecond, ""
		} else if delay *= 2; delay > time.Second {
			delay = time.Second
		}
		if trouble != last && a.phase.Load() != over { // once, not at every attempt
			log.Printf("sluice: lifeline: %s; trying again until it works", trouble)
			last = trouble
		}
	}
}

// hear acts on a line of the lifeline. False: hang up.
func (a *App) hear(kind, id string) bool {
	switch kind {
	case "", "ping":
		return true
	case "reload": // one at a time: the next line waits
		outcome := object{"ok": true, "reason": ""}
		if err := a.reload(); err != nil {
			outcome = object{"ok": false, "reason": err.Error()}
		}
		_ = a.tell("POST", "/commands/"+id, outcome)
	case "superseded":
		a.phase.Store(over)
	case "accepted":
		if !a.phase.CompareAndSwap(waiting, accepted) {
			return false // a signal came in between
		}
		a.gating.Lock()
		for path, gate := range a.gates {
			_ = a.tell("PUT", path, gate)
		}
		a.gating.Unlock()
	}
	log.Printf("sluice: %s (%s)", kind, a.hello["version"])
	return true
}

func (a *App) tell(method, path string, body object) error {
	err := a.request(method, path, body, 2*time.Second, nil)
	if err != nil {
		log.Printf("sluice: %s: %v", path, err)
	}
	return err
}

// request has a connection of its own. hear, if given, gets the answer line by line. Silence for patience is an error.
func (a *App) request(method, path string, body object, patience time.Duration, hear func(kind, id string) bool) error {
	network := map[bool]string{true: "unix", false: "tcp"}[strings.Contains(a.control, "/")]
	connection, err := net.Dial(network, a.control)
	if err != nil {
		return err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	content, _ := json.Marshal(body)
	fmt.Fprintf(connection, "%s /v1/slots/%s%s HTTP/1.1\r\nHost: localhost\r\n", method, url.PathEscape(a.slot), path)
	fmt.Fprintf(connection, "Content-Length: %d\r\n\r\n%s", len(content), content) // what fails here fails below
	answer, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err == nil && answer.StatusCode >= 300 {
		text, _ := io.ReadAll(answer.Body)
		err = fmt.Errorf("refused: %d %s", answer.StatusCode, text)
	}
	if err != nil || hear == nil {
		return err
	}
	var line struct{ Type, ID string }
	for lines := json.NewDecoder(answer.Body); err == nil && hear(line.Type, line.ID); err = lines.Decode(&line) {
		_ = connection.SetDeadline(time.Now().Add(patience))
	}
	return err
}
