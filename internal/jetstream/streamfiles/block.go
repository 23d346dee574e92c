package streamfiles

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/klauspost/compress/s2"
	"github.com/minio/highwayhash"
)

// The form of a record in a block: its length, sequence, time, the subject's
// length, the subject, perhaps headers with their length before them, the body
// and a checksum of all but the lengths.
const (
	headerSize   = 22
	checksumSize = 8
	emptySize    = headerSize + checksumSize
	maxRecord    = 32 << 20 // what the server takes for a length that can't be

	withHeaders = 1 << 31 // in the length
	erased      = 1 << 63 // in the sequence: the message was overwritten
	tombstone   = 1 << 62 // in the sequence: the record says that one was removed

	// farthest is how far apart the sequences of neighbours may be. It tells the
	// beginning of a record from chance, so it need not be right.
	farthest = 1 << 20
)

// block reads the records of one block file.
type block struct {
	hash hash.Hash
	data []byte // decompressed
}

// record is one that is whole.
type record struct {
	end      int
	sequence uint64 // of the message; 0 for a tombstone
	removed  uint64 // what a tombstone is for
	time     uint64
}

// newBlock takes a block file's contents. Where a part can't be decompressed,
// the block ends before it and cut is true.
func newBlock(stream string, number int, file []byte) (b *block, cut bool, err error) {
	key := sha256.Sum256(fmt.Appendf(nil, "%s-%d", stream, number))
	b = &block{data: file}
	if b.hash, err = highwayhash.New64(key[:]); err != nil {
		return nil, false, err
	}
	// The server writes the last checksum behind what it compressed.
	if len(file) < emptySize || !bytes.HasPrefix(file, []byte{'c', 'm', 'p', 1}) {
		return b, false, nil
	}
	_, n := binary.Uvarint(file[4:])
	if n <= 0 {
		b.data = nil
		return b, true, nil
	}
	last := len(file) - checksumSize
	data, err := io.ReadAll(s2.NewReader(bytes.NewReader(file[4+n : last])))
	b.data = slices.Concat(data, file[last:])
	if err != nil {
		b.data, cut = data, true
	}
	return b, cut, nil
}

var errCut = errors.New("the block ends within a record")

// at reads the record at an offset. errCut is also what a length that is wrong
// looks like.
func (b *block) at(offset int) (record, error) {
	rest := b.data[offset:]
	if len(rest) < headerSize {
		return record{}, errCut
	}
	length := binary.LittleEndian.Uint32(rest)
	headers := length&withHeaders != 0
	length &^= withHeaders
	subject := int(binary.LittleEndian.Uint16(rest[20:]))
	fixed := headerSize + subject + checksumSize
	if headers {
		fixed += 4
	}
	switch {
	case length > maxRecord || int(length) < fixed:
		return record{}, errors.New("its lengths can't be")
	case int(length) > len(rest):
		return record{}, errCut
	}
	rest = rest[:length]
	body := rest[headerSize+subject : len(rest)-checksumSize]
	if headers {
		body = body[4:] // the headers' length
	}
	b.hash.Reset()
	_, _ = b.hash.Write(rest[4:20])
	_, _ = b.hash.Write(rest[headerSize : headerSize+subject])
	_, _ = b.hash.Write(body)
	if !bytes.Equal(b.hash.Sum(nil), rest[len(rest)-checksumSize:]) {
		return record{}, errors.New("its checksum is another")
	}
	r := record{end: offset + int(length), sequence: b.sequence(offset), time: binary.LittleEndian.Uint64(rest[12:])}
	if r.sequence&tombstone != 0 {
		r.removed = r.sequence &^ (tombstone | erased)
		r.sequence = 0
	}
	r.sequence &^= erased
	return r, nil
}

// sequence is what stands where a record has its sequence, whole or not.
func (b *block) sequence(offset int) uint64 {
	if len(b.data) < offset+headerSize {
		return 0
	}
	return binary.LittleEndian.Uint64(b.data[offset+4:])
}

// unfinished says whether what is at an offset may be the beginning of the record
// that comes after a sequence: what is left where a process died while it wrote.
func (b *block) unfinished(offset int, last uint64) bool {
	_, err := b.at(offset)
	if !errors.Is(err, errCut) {
		return false
	}
	rest := b.data[offset:]
	if len(rest) < headerSize {
		return true
	}
	s := b.sequence(offset)
	return (last == 0 || s == last+1 || s&tombstone != 0) && binary.LittleEndian.Uint32(rest)&^withHeaders <= maxRecord
}

// mended is what lies between two offsets as one record, where nothing but its
// length is damaged.
func (b *block) mended(from, to int) (*block, bool) {
	if to-from < emptySize {
		return nil, false
	}
	m := &block{hash: b.hash, data: bytes.Clone(b.data[from:to])}
	headers := binary.LittleEndian.Uint32(m.data) & withHeaders
	for _, flag := range []uint32{headers, headers ^ withHeaders} {
		binary.LittleEndian.PutUint32(m.data, uint32(to-from)|flag)
		if _, err := m.at(0); err == nil {
			return m, true
		}
	}
	return nil, false
}

// next finds the first whole record behind an offset. last is a sequence that
// came before it.
func (b *block) next(offset int, last uint64) (int, bool) {
	for offset++; offset+emptySize <= len(b.data); offset++ {
		// Few places pass this, so that few checksums are computed.
		if s := b.sequence(offset) &^ (erased | tombstone); s == 0 || last > 0 && s > last+farthest || s > 1<<48 {
			continue
		}
		if _, err := b.at(offset); err == nil {
			return offset, true
		}
	}
	return 0, false
}

// removed makes a block that says: the messages up to a sequence are gone. The
// server counts on behind it.
func removed(stream string, number int, sequence, time uint64) ([]byte, error) {
	b, _, err := newBlock(stream, number, nil)
	if err != nil {
		return nil, err
	}
	out := make([]byte, headerSize)
	binary.LittleEndian.PutUint32(out, emptySize)
	binary.LittleEndian.PutUint64(out[4:], sequence|tombstone)
	binary.LittleEndian.PutUint64(out[12:], time)
	_, _ = b.hash.Write(out[4:20])
	return b.hash.Sum(out), nil
}

// summary is what index.db says of a stream.
type summary struct{ first, last uint64 }

// readSummary takes a summary's contents: two bytes that tell the format, then
// numbers of variable length, and a checksum at the end.
func readSummary(stream string, data []byte) (summary, bool) {
	if len(data) < 2+checksumSize || data[0] != 11 {
		return summary{}, false
	}
	key := sha256.Sum256([]byte(stream))
	h, err := highwayhash.New64(key[:])
	if err != nil {
		return summary{}, false
	}
	body := data[:len(data)-checksumSize]
	_, _ = h.Write(body)
	if !bytes.Equal(h.Sum(nil), data[len(body):]) {
		return summary{}, false
	}
	var fields [5]uint64 // messages, bytes, first, its time, last
	rest := body[2:]
	for i := range fields {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			return summary{}, false
		}
		fields[i], rest = v, rest[n:]
	}
	return summary{first: max(fields[2], 1), last: fields[4]}, true
}
