package body

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// prefixed is what stands before a message: whether it is compressed, and how
// long it is.
const prefixed = 5

// ReadMessage gives the one message that the body of a unary gRPC call is,
// decompressed. (gRPC's own server reads and decompresses it before anybody here
// could count its bytes.)
func (r *Reader) ReadMessage(w http.ResponseWriter, request *http.Request) (*Body, error) {
	a := arrive(w, request.Body)
	var prefix [prefixed]byte
	if _, err := io.ReadFull(a, prefix[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCut, err)
	}
	size := int64(binary.BigEndian.Uint32(prefix[1:]))
	if size > r.cfg.Max {
		return nil, fmt.Errorf("%w: %d bytes, %d are the limit", ErrTooLarge, size, r.cfg.Max)
	}
	encoding := ""
	if prefix[0]&1 == 1 {
		encoding = encodingName(request.Header.Get("Grpc-Encoding"))
	}
	decompress, err := lookup(encoding)
	if err != nil {
		return nil, err
	}
	sent, err := r.fetch(a, request, size)
	if errors.Is(err, errLength) {
		return nil, fmt.Errorf("%w: %w; a call carries one message", ErrBroken, err)
	}
	if err != nil {
		return nil, err
	}
	return r.plain(request.Context(), sent, encoding, decompress)
}
