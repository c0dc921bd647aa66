// Package sluice is the app's side of sluice for Go >= 1.21: one file, standard library only; copy it into your module.
//
//	app, err := sluice.Connect(sluice.Options{Version: "v2", OnStop: func() error { return server.Shutdown(ctx) }})
//	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
//	app.Ready()             // once the port is bound
//	server.Serve(listener)  // returns when Shutdown begins, not when it has ended
//	err = app.Wait()        // returns when OnStop has ended: now main may return
//
// Signal handlers are registered in Connect and the handshake begins in Ready: sluice never hears of a process that
// SIGTERM would kill. The lifeline stays open after SIGTERM, until the process ends; it is never opened again then, nor
// after "superseded". Go sets close-on-exec on every socket, so a child process does not keep the lifeline open.
package sluice

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand"
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

// Options say what the app is and what it can do. Only Version is required.
type Options struct {
	Version  string             // what runs here: 1 to 128 printable characters
	OnStop   func() error       // finishes the work in flight; called once, on SIGTERM or SIGINT, when sluice sends no new requests
	OnReload func() error       // called for `sluice reload`, one call at a time; an error is the reported reason
	OnState  func(state string) // hears accepted, active, standby, draining, superseded
	Signals  []string           // further signals for which the app has registered handlers, like "SIGUSR2"
}

type object = map[string]any

// App is this process as sluice knows it. Its methods may be called from any goroutine.
type App struct {
	options                 Options
	slot, control, instance string
	client                  http.Client
	gates                   map[string]object
	gating, reloading       sync.Mutex // one at a time, in order
	accepted, over          atomic.Bool
	lifeline                context.Context
	cut                     context.CancelFunc // ends the lifeline
	ready, told             sync.Once
	stopped                 chan error
}

// Connect reads SLUICE_CONTROL and SLUICE_SLOT and registers the handlers; without SLUICE_CONTROL the app runs alone.
func Connect(options Options) (*App, error) {
	control, _, _ := strings.Cut(os.Getenv("SLUICE_CONTROL"), ",")
	a := &App{options: options, slot: os.Getenv("SLUICE_SLOT"), control: control, gates: map[string]object{},
		instance: fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64()), stopped: make(chan error, 1)}
	if a.control == "" {
		log.Print("sluice: SLUICE_CONTROL is not set; running without sluice")
	} else if a.slot == "" {
		return nil, errors.New("sluice: SLUICE_CONTROL is set, SLUICE_SLOT is not: which slot is this?")
	}
	a.lifeline, a.cut = context.WithCancel(context.Background())
	a.client.Transport = &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		if strings.Contains(control, "/") {
			network = "unix"
		}
		return (&net.Dialer{}).DialContext(ctx, network, control)
	}}
	a.options.Signals = append([]string{}, options.Signals...)
	if options.OnReload != nil {
		a.options.Signals = append(a.options.Signals, "reload")
	}
	if options.OnStop != nil {
		a.options.Signals = append(a.options.Signals, "SIGTERM", "SIGINT")
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
		go func() {
			<-signals
			signal.Reset(syscall.SIGINT) // a second Ctrl-C ends the process at once
			a.Stopping()
			a.stopped <- options.OnStop()
		}()
	}
	return a, nil
}

// Ready begins the handshake, and repeats it for ever. Call it once the port is bound.
func (a *App) Ready() {
	if a.control != "" {
		a.ready.Do(func() { go a.keep() })
	}
}

// Wait blocks until OnStop has returned, and returns its error.
func (a *App) Wait() error { return <-a.stopped }

// Stopping tells sluice that this process is ending: no new requests come after it returns. Bounded to 2 s.
func (a *App) Stopping() {
	a.told.Do(func() {
		a.over.Store(true)
		if a.accepted.Load() { // it is said of the slot: from a process that sluice does not serve (superseded), it would hit another
			_ = a.tell("POST", "/stopping", object{})
		} else {
			a.cut() // a handshake without an answer must not be accepted any more
		}
	})
}

// Close leaves sluice at once and for good; what is in flight there is cut.
func (a *App) Close() {
	a.over.Store(true)
	a.accepted.Store(false)
	a.cut()
}

// Gate opens or closes a gate; an error means that sluice has not taken it now. It is remembered, and said again after
// each handshake, unless it has a time to live: that is a heartbeat, for the app to repeat.
func (a *App) Gate(name string, open bool, reason string, ttl time.Duration) error {
	a.gating.Lock()
	defer a.gating.Unlock()
	gate := object{"open": open, "reason": reason}
	a.gates[name] = gate
	if ttl > 0 {
		gate["ttl"] = fmt.Sprintf("%dms", ttl.Milliseconds())
		delete(a.gates, name)
	}
	if !a.accepted.Load() {
		return errors.New("sluice: not connected")
	}
	return a.tell("PUT", "/gates/"+url.PathEscape(name), gate)
}

func (a *App) sayGates() {
	a.gating.Lock()
	defer a.gating.Unlock()
	for name, gate := range a.gates {
		_ = a.tell("PUT", "/gates/"+url.PathEscape(name), gate)
	}
}

func (a *App) reload(id string) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	outcome, err := object{"ok": true, "reason": ""}, errors.New("this app has no reload function")
	if a.options.OnReload != nil {
		err = a.options.OnReload()
	}
	if err != nil {
		outcome = object{"ok": false, "reason": err.Error()}
	}
	_ = a.tell("POST", "/commands/"+url.PathEscape(id), outcome)
}

// request returns the answer with its body open. A refusal is an error, with the answer beside it.
func (a *App) request(ctx context.Context, method, path string, body object) (*http.Response, error) {
	content, _ := json.Marshal(body)
	target := "http://localhost/v1/slots/" + url.PathEscape(a.slot) + path
	request, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.client.Do(request)
	if err != nil || response.StatusCode < 300 {
		return response, err
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
	return response, fmt.Errorf("refused: %d %s", response.StatusCode, text)
}

func (a *App) tell(method, path string, body object) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	response, err := a.request(ctx, method, path, body)
	if err != nil {
		log.Printf("sluice: slot %s: %s %s: %v", a.slot, method, path, err)
		return err
	}
	return response.Body.Close()
}

func (a *App) keep() {
	said := ""
	for delay := 50 * time.Millisecond; !a.over.Load(); {
		since, slowest := time.Now(), time.Second
		refused, err := a.live()
		if a.accepted.Swap(false) && time.Since(since) > time.Second {
			delay = 50 * time.Millisecond
		}
		if a.over.Load() {
			return
		}
		if refused {
			slowest = 5 * time.Second
		}
		if err.Error() != said { // the same trouble once, not at every attempt
			said = err.Error()
			log.Printf("sluice: slot %s: %s; trying again until it works (%s)", a.slot, said, a.control)
		}
		time.Sleep(delay/2 + time.Duration(rand.Int63n(int64(delay/2))))
		delay = min(delay*2, slowest)
	}
}

// live is one lifeline, from opening to loss. It always ends with an error.
func (a *App) live() (refused bool, err error) {
	ctx, cut := context.WithCancel(a.lifeline)
	defer cut()
	silence := time.AfterFunc(45*time.Second, func() { // three pings
		if !a.over.Load() {
			cut()
		}
	})
	defer silence.Stop()
	hello := object{"version": a.options.Version, "instance": a.instance, "signals": a.options.Signals, "pid": os.Getpid()}
	response, err := a.request(ctx, "POST", "/handshake", hello)
	if err != nil {
		return response != nil, err
	}
	defer response.Body.Close()
	for lines := json.NewDecoder(response.Body); ; silence.Reset(45 * time.Second) {
		var line struct{ Type, ID string }
		if err := lines.Decode(&line); err != nil {
			return false, errors.New("the lifeline was closed")
		}
		switch line.Type {
		case "ping":
			continue
		case "reload":
			go a.reload(line.ID)
			continue
		case "accepted":
			log.Printf("sluice: slot %s: handshake accepted (%s)", a.slot, a.options.Version)
			a.accepted.Store(true)
			if a.over.Load() { // Stopping came in between
				return false, nil
			}
			go a.sayGates()
		case "superseded":
			log.Printf("sluice: slot %s: superseded by a newer process; staying away", a.slot)
			a.Close()
		}
		if a.options.OnState != nil {
			a.options.OnState(line.Type)
		}
	}
}
