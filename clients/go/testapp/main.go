// The app under test in Go. Its twins are ../../testing/app.js and ../../python/testapp.py; all three do the same.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"time"

	"sluice"
)

func main() {
	version := os.Getenv("VERSION")
	var broken atomic.Bool
	server := &http.Server{}
	reload := func() error {
		fmt.Println("reload")
		if broken.Load() {
			return errors.New("no such file")
		}
		return nil
	}
	if os.Getenv("NO_RELOAD") != "" {
		reload = nil
	}
	app, err := sluice.Connect(version, reload)
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, version) })
	http.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("slow")
		ms, _ := strconv.Atoi(r.FormValue("ms"))
		time.Sleep(time.Duration(ms) * time.Millisecond)
		fmt.Fprint(w, version)
	})
	http.HandleFunc("/gate", func(w http.ResponseWriter, r *http.Request) {
		err := app.Gate(r.FormValue("name"), r.FormValue("open") == "true", "asked", r.FormValue("ttl"))
		fmt.Fprint(w, err == nil)
	})
	http.HandleFunc("/break-reload", func(w http.ResponseWriter, r *http.Request) { broken.Store(true) })
	http.HandleFunc("/spawn", func(w http.ResponseWriter, r *http.Request) {
		child := exec.Command("sleep", "60")
		if err := child.Start(); err != nil {
			log.Fatal(err)
		}
		fmt.Fprint(w, child.Process.Pid)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr().(*net.TCPAddr).Port)
	after, _ := strconv.Atoi(os.Getenv("READY_AFTER_MS"))
	time.AfterFunc(time.Duration(after)*time.Millisecond, app.Ready)
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	<-app.Stop
	fmt.Println("stop")
	if err := server.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
}
