// Package sluice is the app's side of sluice for Go >= 1.19: one file, standard library only; copy it into your module.
//
//	app, err := sluice.Connect("v2", readConfig) // registers the handlers of SIGTERM and SIGINT
//	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
//	go server.Serve(listener)
//	app.Ready()                                  // begins the handshake
//	<-app.Stop                                   // a signal has come, and sluice sends no new requests
//	err = server.Shutdown(ctx)
//
// So sluice never hears of a process that SIGTERM would kill. The answer to the handshake stays open: the lifeline. Once
// lost it is opened again, but never after SIGTERM nor after "superseded". Go sets close-on-exec on every socket.
package sluice

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
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
	Stop              <-chan struct{} // closed on SIGTERM or SIGINT, once sluice sends no new requests
	url               string
	transport         http.Transport
	hello             object
	reload            func() error
	phase             atomic.Int32      // idle; then waiting and accepted, as often as it takes; at last over
	gates             map[string]object // what is said again after each handshake
	gating, reloading sync.Mutex        // one at a time, in order
}

type object = map[string]any

const idle, waiting, accepted, over = 0, 1, 2, 3

// Connect reads SLUICE_CONTROL and SLUICE_SLOT and registers the handlers; without SLUICE_CONTROL the app runs alone. reload
// (or nil) is called for `sluice reload`, one call at a time. signals: others that the app handles, like "SIGUSR2".
func Connect(version string, reload func() error, signals ...string) (*App, error) {
	stop, received, instance := make(chan struct{}), make(chan os.Signal, 1), make([]byte, 16)
	if reload == nil {
		reload = func() error { return errors.New("this app has no reload function") }
	}
	slot, network := os.Getenv("SLUICE_SLOT"), "tcp"
	control, _, _ := strings.Cut(os.Getenv("SLUICE_CONTROL"), ",")
	a := &App{Stop: stop, url: "http://localhost/v1/slots/" + slot, reload: reload, gates: map[string]object{}}
	if control == "" {
		a.phase.Store(over)
		log.Print("sluice: SLUICE_CONTROL is not set; running without sluice")
	} else if slot == "" {
		return nil, errors.New("sluice: SLUICE_CONTROL is set, SLUICE_SLOT is not: which slot is this?")
	} else if strings.Contains(control, "/") {
		network = "unix"
	}
	a.transport.DisableKeepAlives, a.transport.ResponseHeaderTimeout = true, 45*time.Second
	a.transport.DialContext = func(context.Context, string, string) (net.Conn, error) { return net.Dial(network, control) }
	_, err := rand.Read(instance)
	signals = append([]string{"SIGTERM", "SIGINT", "reload"}, signals...)
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

// Ready begins the handshake, and repeats it for ever. Call it once the port is bound.
func (a *App) Ready() {
	if a.phase.CompareAndSwap(idle, waiting) {
		go a.keep()
	}
}

// Gate says a gate; an error: not taken now. It is said again after each handshake, unless a ttl ("30s") makes it a heartbeat.
func (a *App) Gate(name string, open bool, reason, ttl string) error {
	a.gating.Lock()
	defer a.gating.Unlock()
	gate := object{"open": open, "reason": reason}
	a.gates[name] = gate
	if ttl != "" {
		delete(a.gates, name)
		gate["ttl"] = ttl
	}
	if a.phase.Load() != accepted {
		return errors.New("sluice: not connected")
	}
	return a.tell("PUT", "/gates/"+name, gate)
}

// request has a connection of its own and patience (0: no end) for the whole of the answer. A refusal is an error.
func (a *App) request(method, path string, body object, patience time.Duration) (*http.Response, error) {
	content, _ := json.Marshal(body)
	request, err := http.NewRequest(method, a.url+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := (&http.Client{Transport: &a.transport, Timeout: patience}).Do(request)
	if err == nil && answer.StatusCode >= 300 {
		text, _ := io.ReadAll(answer.Body)
		err = fmt.Errorf("refused: %d %s", answer.StatusCode, text)
	}
	return answer, err
}

func (a *App) tell(method, path string, body object) error {
	answer, err := a.request(method, path, body, 2*time.Second)
	if err != nil {
		log.Printf("sluice: %s: %v", path, err)
		return err
	}
	return answer.Body.Close()
}

// keep opens the lifeline again and again, until it is over.
func (a *App) keep() {
	for delay, last := 50*time.Millisecond, ""; a.phase.Load() != over; {
		answer, err := a.request("POST", "/handshake", a.hello, 0)
		if err == nil {
			a.hear(answer.Body)
			err = errors.New("the lifeline was closed")
		}
		if a.phase.CompareAndSwap(accepted, waiting) {
			delay, last = 50*time.Millisecond, ""
		}
		if err.Error() != last && a.phase.Load() != over { // once, not at every attempt
			log.Printf("sluice: %v; trying again until it works", err)
		}
		last = err.Error()
		time.Sleep(delay)
		if delay *= 2; delay > time.Second {
			delay = time.Second
		}
	}
}

// hear reads the lifeline to its end, or for 45 s without a word: three pings.
func (a *App) hear(lifeline io.ReadCloser) {
	defer lifeline.Close()
	silence := time.AfterFunc(45*time.Second, func() { lifeline.Close() })
	defer silence.Stop()
	var line struct{ Type, ID string }
	for lines := json.NewDecoder(lifeline); lines.Decode(&line) == nil; silence.Reset(45 * time.Second) {
		switch line.Type {
		case "ping":
			continue
		case "reload":
			go a.callReload(line.ID)
		case "superseded":
			a.phase.Store(over)
		case "accepted":
			if !a.phase.CompareAndSwap(waiting, accepted) {
				return // a signal came in between
			}
			a.gating.Lock()
			for name, gate := range a.gates {
				_ = a.tell("PUT", "/gates/"+name, gate)
			}
			a.gating.Unlock()
		}
		log.Printf("sluice: %s (%s)", line.Type, a.hello["version"])
	}
}

func (a *App) callReload(id string) {
	a.reloading.Lock()
	defer a.reloading.Unlock()
	outcome := object{"ok": true, "reason": ""}
	if err := a.reload(); err != nil {
		outcome = object{"ok": false, "reason": err.Error()}
	}
	_ = a.tell("POST", "/commands/"+id, outcome)
}
