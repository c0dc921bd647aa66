package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A WebSocket server of the smallest useful size (RFC 6455): messages of up to 64 KiB, fragments, ping, close. It is here so
// that the example has no dependency; a real app takes a library.

const (
	guid    = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // section 1.3
	largest = 64 << 10

	continuation, text, closing, ping, pong = 0x0, 0x1, 0x8, 0x9, 0xa
)

type webSocket struct {
	connection net.Conn
	reader     *bufio.Reader
	writing    sync.Mutex
	isClosing  bool
}

// acceptWebSocket answers an upgrade request with 101, or with 400.
func acceptWebSocket(w http.ResponseWriter, r *http.Request) (*webSocket, error) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" || r.Header.Get("Sec-WebSocket-Version") != "13" {
		http.Error(w, "a WebSocket of version 13 is wanted here", http.StatusBadRequest)
		return nil, errors.New("not a WebSocket request")
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return nil, errors.New("this connection cannot be taken over")
	}
	connection, buffered, err := hijacker.Hijack()
	if err != nil {
		return nil, err
	}
	proof := sha1.Sum([]byte(key + guid))
	_, err = io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "+base64.StdEncoding.EncodeToString(proof[:])+"\r\n\r\n")
	return &webSocket{connection: connection, reader: buffered.Reader}, err
}

func (s *webSocket) write(opcode byte, payload []byte) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.isClosing {
		return net.ErrClosed
	}
	s.isClosing = opcode == closing
	head := []byte{0x80 | opcode, byte(len(payload))}
	if len(payload) >= 126 {
		head = binary.BigEndian.AppendUint16([]byte{0x80 | opcode, 126}, uint16(len(payload)))
	}
	_, err := s.connection.Write(append(head, payload...))
	return err
}

// close says the code; the peer answers it, or is cut after 2 s (section 7.1.1).
func (s *webSocket) close(code uint16, reason string) {
	_ = s.write(closing, append(binary.BigEndian.AppendUint16(nil, code), reason...))
	_ = s.connection.SetReadDeadline(time.Now().Add(2 * time.Second))
}

// drain reads what still comes until the peer or the deadline of close ends it: closing with unread bytes would be a reset,
// which overtakes the code on its way.
func (s *webSocket) drain() {
	s.writing.Lock()
	isClosing := s.isClosing
	s.writing.Unlock()
	if isClosing {
		_, _ = io.Copy(io.Discard, s.reader)
	}
}

// serve reads until the WebSocket has ended and calls onMessage for each message.
func (s *webSocket) serve(onMessage func(opcode byte, message []byte) error) {
	defer s.connection.Close()
	var kind byte
	var message []byte
	for {
		isLast, opcode, payload, err := s.read()
		switch {
		case err != nil:
			s.drain()
			return
		case opcode == closing:
			if len(payload) > 2 {
				payload = payload[:2] // the code, without the reason
			}
			_ = s.write(closing, payload)
			return
		case opcode == ping:
			_ = s.write(pong, payload)
			continue
		case opcode == pong:
			continue
		case opcode != continuation:
			kind, message = opcode, nil
		}
		message = append(message, payload...)
		if len(message) >= largest {
			s.close(1009, "too large")
			s.drain()
			return
		}
		if isLast && onMessage(kind, message) != nil {
			return
		}
	}
}

// read returns one frame.
func (s *webSocket) read() (isLast bool, opcode byte, payload []byte, err error) {
	var head [8]byte
	if _, err = io.ReadFull(s.reader, head[:2]); err != nil {
		return
	}
	isLast, opcode = head[0]&0x80 != 0, head[0]&0x0f
	isMasked, size := head[1]&0x80 != 0, uint64(head[1]&0x7f)
	switch size {
	case 126:
		_, err = io.ReadFull(s.reader, head[:2])
		size = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		_, err = io.ReadFull(s.reader, head[:8])
		size = binary.BigEndian.Uint64(head[:8])
	}
	if err != nil {
		return
	}
	if !isMasked { // section 5.1
		s.close(1002, "clients must mask")
		return isLast, opcode, nil, errors.New("not masked")
	}
	if size >= largest {
		s.close(1009, "too large")
		return isLast, opcode, nil, errors.New("too large")
	}
	var mask [4]byte
	if _, err = io.ReadFull(s.reader, mask[:]); err != nil {
		return
	}
	payload = make([]byte, size)
	_, err = io.ReadFull(s.reader, payload)
	for at := range payload {
		payload[at] ^= mask[at%4]
	}
	return
}
