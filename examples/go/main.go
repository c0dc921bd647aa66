// A small real server in Go, run behind sluice. See README.md.
//
// It is the classic hot-upgrade server (SIGUSR2, fork/exec, LISTENER_FD, Shutdown) done the sluice way: no file
// descriptor is passed and nothing is executed anew. SIGUSR2 reads the configuration; a new version is a new process in
// the other slot, and sluice moves the traffic when that one is ready.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"sluice"
)

// baked can be set at build time: go build -ldflags "-X main.baked=v2".
var baked = "v1"

type app struct {
	version  string
	greeting atomic.Value  // string
	going    chan struct{} // closed when the server stops: streams and WebSockets have no end of their own
	sockets  sync.WaitGroup
	server   *http.Server
}

func main() {
	a := &app{version: valueOr("VERSION", baked), going: make(chan struct{})}
	a.greeting.Store(valueOr("GREETING", "hello"))
	a.server = &http.Server{Handler: a.routes(), ReadHeaderTimeout: 10 * time.Second}

	// Handlers first. What the classic server forked on, this one reloads on; `sluice reload` does the same and hears the outcome.
	usr2 := make(chan os.Signal, 1)
	signal.Notify(usr2, syscall.SIGUSR2)
	go func() {
		for range usr2 {
			if err := a.reload(); err != nil {
				log.Printf("%s: reload failed: %v", a.version, err)
			}
		}
	}()
	side, err := sluice.Connect(a.version, a.reload, "SIGUSR2")
	if err != nil {
		log.Fatal(err)
	}

	listener, err := net.Listen("tcp", "127.0.0.1:"+valueOr("PORT", "8081"))
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%s: listening on %s", a.version, listener.Addr())
	go func() {
		if err := a.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	side.Ready() // the port is bound: whoever connects from now on is served
	<-side.Stop
	if err := a.stop(); err != nil {
		log.Fatal(err)
	}
	log.Printf("%s: all done", a.version)
}

// stop finishes what is in flight. Shutdown waits for requests, but knows nothing of hijacked connections: these are told here.
func (a *app) stop() error {
	log.Printf("%s: stopping", a.version)
	close(a.going)
	err := a.server.Shutdown(context.Background()) // no deadline of its own: sluice and the kubelet have one
	a.sockets.Wait()
	return err
}

func (a *app) reload() error {
	if path := os.Getenv("CONFIG"); path != "" {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var config struct{ Greeting string }
		if err := json.Unmarshal(content, &config); err != nil {
			return err
		}
		a.greeting.Store(config.Greeting)
	}
	log.Printf("%s: configuration read, greeting is %s", a.version, a.greeting.Load())
	return nil
}

func (a *app) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		answer(w, map[string]any{"version": a.version, "pid": os.Getpid(), "slot": os.Getenv("SLUICE_SLOT"), "greeting": a.greeting.Load()})
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { answer(w, map[string]any{"ok": true}) })
	mux.HandleFunc("/echo", a.echo)
	mux.HandleFunc("/slow", a.slow)
	mux.HandleFunc("/stream", a.stream)
	mux.HandleFunc("/ws", a.ws)
	return mux
}

// echo answers with the body, once it has all of it: net/http may drop what is still unread when an answer begins.
func (a *app) echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	}
	w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
	_, _ = w.Write(body)
}

// slow answers after ?ms= milliseconds.
func (a *app) slow(w http.ResponseWriter, r *http.Request) {
	ms, err := strconv.Atoi(r.FormValue("ms"))
	if err != nil {
		ms = 5000
	}
	if ms > 600_000 {
		ms = 600_000
	}
	select {
	case <-time.After(time.Duration(ms) * time.Millisecond):
		answer(w, map[string]any{"version": a.version, "pid": os.Getpid(), "slept": ms})
	case <-r.Context().Done(): // the client has left
	}
}

// stream sends server-sent events, one every 200 ms.
func (a *app) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "this connection cannot stream", http.StatusInternalServerError)
		return
	}
	flusher.Flush()
	for id := 1; ; id++ {
		select {
		case <-ticker.C:
			fmt.Fprintf(w, "id: %d\ndata: {\"version\":%q,\"id\":%d}\n\n", id, a.version, id)
			flusher.Flush()
		case <-a.going:
			fmt.Fprint(w, "event: bye\ndata: going away\n\n")
			return
		case <-r.Context().Done():
			return
		}
	}
}

// ws sends every message back, and 1001 when the server stops.
func (a *app) ws(w http.ResponseWriter, r *http.Request) {
	a.sockets.Add(1)
	defer a.sockets.Done()
	socket, err := acceptWebSocket(w, r)
	if err != nil {
		return
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-a.going:
			socket.close(1001, "going away")
		case <-ended:
		}
	}()
	socket.serve(socket.write)
}

func answer(w http.ResponseWriter, value any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

func valueOr(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}
