// Package sluice is the app's side of sluice for Go >= 1.19: one file, standard library only; copy it into your module.
//
//	app, err := sluice.Connect("v2", readConfig) // registers the handlers of SIGTERM and SIGINT
//	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
//	go server.Serve(listener)
//	app.Ready()       // begins the handshake, whose answer stays open: the lifeline. Go sets close-on-exec on it
//	<-app.Stop        // a signal has come, and sluice sends no new requests
//	err = server.Shutdown(ctx)
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
	phase         atomic.Int32      // idle; then waiting and accepted, as often as it takes; at last over
	gates         map[string]object // said again after each handshake: sluice may have been restarted
	gating        sync.Mutex
}

type object = map[string]any

const idle, waiting, accepted, over = 0, 1, 2, 3

// Connect reads SLUICE_CONTROL and SLUICE_SLOT and registers the handlers; without SLUICE_CONTROL the app runs alone. reload
// (or nil) is called for `sluice reload`, one call at a time. signals: others that the app handles, like "SIGUSR2".
func Connect(version string, reload func() error, signals ...string) (*App, error) {
	stop, received, instance := make(chan struct{}), make(chan os.Signal, 1), make([]byte, 16)
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
	_, err := rand.Read(instance)
	a.hello = object{"version": version, "instance": fmt.Sprintf("%x", instance), "signals": signals, "pid": os.Getpid()}
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
func (a *App) Ready() {
	if a.phase.CompareAndSwap(idle, waiting) {
		go a.keep()
	}
}

// Gate says a gate; an error: not taken now. It is said again after each handshake, unless a ttl ("30s") makes it a heartbeat.
func (a *App) Gate(name string, open bool, reason, ttl string) error {
	a.gating.Lock()
	defer a.gating.Unlock()
	a.gates[name] = object{"open": open, "reason": reason}
	if ttl != "" {
		a.gates[name]["ttl"] = ttl
	}
	if a.phase.Load() != accepted {
		return errors.New("sluice: not connected")
	}
	return a.tell("PUT", "/gates/"+url.PathEscape(name), a.gates[name])
}

func (a *App) tell(method, path string, body object) error {
	err := a.request(method, path, body, 2*time.Second, nil)
	if err != nil {
		log.Printf("sluice: %s: %v", path, err)
	}
	return err
}

// request has a connection of its own, on which it hears the answer to its end if somebody wants to hear it. A refusal is an
// error, and so is patience without a word.
func (a *App) request(method, path string, body object, patience time.Duration, hear func(kind, id string) bool) error {
	network := map[bool]string{true: "unix", false: "tcp"}[strings.Contains(a.control, "/")]
	connection, err := net.Dial(network, a.control)
	if err != nil {
		return err
	}
	defer connection.Close()
	_ = connection.SetDeadline(time.Now().Add(patience))
	content, _ := json.Marshal(body)
	format := "%s /v1/slots/%s%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
	fmt.Fprintf(connection, format, method, url.PathEscape(a.slot), path, len(content), content) // what fails here fails below
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

// keep opens the lifeline again and again, until it is over.
func (a *App) keep() {
	for delay, last := 50*time.Millisecond, ""; a.phase.Load() != over; time.Sleep(delay) {
		err := a.request("POST", "/handshake", a.hello, 45*time.Second, a.hear) // three pings
		if delay *= 2; delay > time.Second {
			delay = time.Second
		}
		if a.phase.CompareAndSwap(accepted, waiting) {
			delay, last = 50*time.Millisecond, ""
		}
		if trouble := fmt.Sprint(err); trouble != last && a.phase.Load() != over { // once, not at every attempt
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
		for name, gate := range a.gates {
			if gate["ttl"] == nil {
				_ = a.tell("PUT", "/gates/"+url.PathEscape(name), gate)
			}
		}
		a.gating.Unlock()
	}
	log.Printf("sluice: %s (%s)", kind, a.hello["version"])
	return true
}
