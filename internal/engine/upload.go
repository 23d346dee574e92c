package engine

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"time"
)

// uploadMemory is what of an upload is kept in memory; the rest goes to a file.
const uploadMemory = 4 << 20

// readerUpload bounds what the reader can put on the disk: a statement and its
// external tables.
const readerUpload = maxStatementText + externalMemory

// upload is a request's body as it came over the wire, complete.
type upload struct {
	memory bytes.Buffer
	file   *os.File
}

// receive reads the body to its end. Only then is the insert begun.
func (s *server) receive(w http.ResponseWriter, r *http.Request, as role) (*upload, error) {
	u := &upload{}
	if as == roleReader {
		r.Body = http.MaxBytesReader(w, r.Body, readerUpload)
	}
	control := http.NewResponseController(w)
	body := readerFunc(func(p []byte) (int, error) {
		_ = control.SetReadDeadline(time.Now().Add(stallLimit))
		return r.Body.Read(p)
	})
	_, err := u.memory.ReadFrom(io.LimitReader(body, uploadMemory))
	if err == nil && u.memory.Len() == uploadMemory {
		if u.file, err = s.spoolFile(); err == nil {
			_, err = io.Copy(u.file, body)
		}
		if err == nil {
			_, err = u.file.Seek(0, io.SeekStart)
		}
	}
	_ = control.SetReadDeadline(time.Time{})
	if err != nil {
		u.close()
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, codeTooLarge.errorf("The reader may send %d bytes in a request", readerUpload)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, codeCannotRead.errorf("The upload was cut off; nothing of it was inserted")
		}
		return nil, bodyError(err)
	}
	return u, nil
}

func (u *upload) close() {
	if u.file != nil {
		_ = u.file.Close()
		u.file = nil
	}
}

func (u *upload) wire() io.Reader {
	if u.file == nil {
		return &u.memory
	}
	return io.MultiReader(&u.memory, u.file)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
