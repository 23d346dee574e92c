package streamfiles

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"
)

const (
	asideDir = "damaged"
	lossFile = ".json" // beside a file set aside

	blockFile    = ".blk"
	summaryFile  = "index.db"
	settingsFile = "meta.inf"
	settingsSum  = "meta.sum"
)

// Loss is what one damaged file cost.
type Loss struct {
	Stream string `json:"stream"`
	// Messages is how many can't be read any more. Some of them may have been
	// processed before. 0 where only the stream's settings were damaged.
	Messages uint64 `json:"messages"`
	// From and To are the sequences between which they were.
	From uint64 `json:"from,omitempty"`
	To   uint64 `json:"to,omitempty"`
	// File is where the damaged file is now. Once it is removed, the loss is no
	// longer told of.
	File  string    `json:"file"`
	Found time.Time `json:"found"`
}

// Check reads all streams of a server's folder and mends what is damaged. It
// gives what it found now.
func Check(folder string, now time.Time) ([]Loss, error) {
	streams, err := streamFolders(folder)
	if err != nil {
		return nil, err
	}
	var found []Loss
	for _, stream := range streams {
		c := checker{folder: folder, path: stream, stream: filepath.Base(stream), now: now}
		losses, err := c.check()
		found = append(found, losses...)
		if err != nil {
			return found, fmt.Errorf("check the files of stream %s: %w", c.stream, err)
		}
	}
	return found, nil
}

// Losses are all that were found and whose damaged files are still there.
func Losses(folder string) ([]Loss, error) {
	notes, err := filepath.Glob(filepath.Join(folder, asideDir, "*"+lossFile))
	if err != nil {
		return nil, err
	}
	var all []Loss
	for _, note := range notes {
		text, err := os.ReadFile(note)
		if err != nil {
			return nil, err
		}
		var l Loss
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("read %s: %w", note, err)
		}
		if _, err := os.Stat(l.File); err == nil {
			all = append(all, l)
		}
	}
	return all, nil
}

// streamFolders are those of all streams of a server without accounts.
func streamFolders(folder string) ([]string, error) {
	return filepath.Glob(filepath.Join(folder, "jetstream", "$G", "streams", "[A-Z]*"))
}

// checker is at work on one stream.
type checker struct {
	folder, path, stream string
	now                  time.Time

	known          summary
	last, lastTime uint64 // of the last whole message
	highest        uint64 // number that a whole record tells of
	gap            *gap   // the damage since then
	losses         []*Loss
}

// gap is damage of which the next whole message tells how many it cost.
type gap struct {
	loss    *Loss
	after   uint64 // the last whole message before it, 0 where it is the first
	claimed uint64 // what stands where a sequence should
}

func (c *checker) check() ([]Loss, error) {
	err := c.checkAll()
	found := make([]Loss, 0, len(c.losses))
	for _, l := range c.losses {
		found = append(found, *l)
	}
	return found, err
}

func (c *checker) checkAll() error {
	if err := c.settings(); err != nil {
		return err
	}
	if err := c.summary(); err != nil {
		return err
	}
	numbers, err := c.blocks()
	if err != nil {
		return err
	}
	for i, number := range numbers {
		if err := c.block(number, i == len(numbers)-1); err != nil {
			return err
		}
	}
	return c.finish(numbers)
}

// settings sets a stream's settings aside where they are damaged. The server
// would leave the stream out; without them the stream is made again, and finds
// its messages.
func (c *checker) settings() error {
	data, err := os.ReadFile(filepath.Join(c.path, settingsFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	sum, err := os.ReadFile(filepath.Join(c.path, settingsSum))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	want, err := checksum(c.stream, data)
	if err != nil || want == string(sum) {
		return err
	}
	if _, err := c.setAside(settingsFile, filepath.Join(c.path, settingsFile)); err != nil {
		return err
	}
	return errors.Join(removeIfThere(filepath.Join(c.path, settingsFile)), removeIfThere(filepath.Join(c.path, settingsSum)))
}

// blocks are the numbers of the stream's blocks, ascending.
func (c *checker) blocks() ([]int, error) {
	entries, err := os.ReadDir(filepath.Join(c.path, "msgs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var numbers []int
	for _, e := range entries {
		if text, ok := strings.CutSuffix(e.Name(), blockFile); ok {
			if n, err := strconv.Atoi(text); err == nil {
				numbers = append(numbers, n)
			}
		}
	}
	slices.Sort(numbers)
	return numbers, err
}

func (c *checker) blockPath(number int) string {
	return filepath.Join(c.path, "msgs", strconv.Itoa(number)+blockFile)
}

// block checks one block, and replaces it where it is damaged.
func (c *checker) block(number int, isLast bool) error {
	path := c.blockPath(number)
	file, err := os.ReadFile(path)
	if err != nil {
		return err // of a disk that fails: nothing may be concluded from that
	}
	b, cut, err := newBlock(c.stream, number, file)
	if err != nil {
		return err
	}
	var whole []byte
	var loss *Loss
	aside := func() error {
		if loss == nil {
			loss, err = c.setAside(strconv.Itoa(number)+blockFile, path)
		}
		return err
	}
	for offset := 0; offset < len(b.data); {
		if r, err := b.at(offset); err == nil {
			c.saw(r)
			whole = append(whole, b.data[offset:r.end]...)
			offset = r.end
			continue
		}
		end, more := b.next(offset, c.last)
		if !more {
			end = len(b.data)
		}
		mended, ok := b.mended(offset, end)
		if !ok && !more && isLast && !cut && b.unfinished(offset, c.last) {
			// The process died while it wrote: nobody was told that this is stored.
			// The server removes it.
			whole = append(whole, b.data[offset:]...)
			break
		}
		if err := aside(); err != nil {
			return err
		}
		if ok {
			r, _ := mended.at(0) // mended has read it
			c.saw(r)
			whole = append(whole, mended.data...)
		} else {
			c.lose(loss, b.sequence(offset))
		}
		offset = end
	}
	if cut {
		if err := aside(); err != nil {
			return err
		}
		c.lose(loss, 0)
	}
	if loss == nil {
		return nil
	}
	if err := c.dropSummary(); err != nil {
		return err
	}
	if len(whole) == 0 {
		return removeIfThere(path)
	}
	return renameio.WriteFile(path, whole, 0o600)
}

// lose begins a gap, or goes on with one. claimed stands where the first lost
// record had its sequence.
func (c *checker) lose(loss *Loss, claimed uint64) {
	if c.gap == nil {
		c.gap = &gap{loss: loss, after: c.last, claimed: claimed &^ (erased | tombstone)}
	}
}

// saw notes a whole record, and how many are missing before it.
func (c *checker) saw(r record) {
	c.highest = max(c.highest, r.sequence, r.removed)
	if r.sequence == 0 {
		return
	}
	if g := c.gap; g != nil {
		if g.after == 0 && g.claimed > 0 && g.claimed < r.sequence && r.sequence-g.claimed < farthest {
			g.after = g.claimed - 1
		}
		switch after := max(g.after, c.known.first-1); {
		case r.sequence <= c.known.first: // all of it was removed before
		case after > 0 && r.sequence > after+1:
			g.loss.Messages += r.sequence - after - 1
		default:
			g.loss.Messages++
		}
		g.loss.To = r.sequence
		c.gap = nil
	}
	c.last, c.lastTime = max(c.last, r.sequence), r.time
}

// finish ends the count, and keeps the server from giving numbers of lost
// messages to new ones: readers would take those for what they know.
func (c *checker) finish(numbers []int) error {
	end := c.known.last
	if g := c.gap; g != nil && g.claimed > c.highest && g.claimed-c.highest < farthest {
		end = max(end, g.claimed)
	}
	if c.gap != nil {
		end = max(end, c.highest+1)
	}
	if end > c.highest {
		if c.gap == nil { // a block is gone, or has been cut off
			if err := c.cutOff(numbers); err != nil {
				return err
			}
		}
		c.gap.loss.Messages += end - max(c.highest, c.known.first-1)
		number := 1
		if len(numbers) > 0 {
			number = numbers[len(numbers)-1] + 1
		}
		text, err := removed(c.stream, number, end, max(c.lastTime, uint64(c.now.UnixNano())))
		if err != nil {
			return err
		}
		if err := errors.Join(renameio.WriteFile(c.blockPath(number), text, 0o600), c.dropSummary()); err != nil {
			return err
		}
	}
	for _, loss := range c.losses {
		if err := c.note(loss); err != nil {
			return err
		}
	}
	return nil
}

// cutOff begins a gap where blocks end before the summary does: the summary is
// all there is to set aside.
func (c *checker) cutOff(numbers []int) error {
	path, name := filepath.Join(c.path, "msgs", summaryFile), summaryFile
	if len(numbers) > 0 {
		name = strconv.Itoa(numbers[len(numbers)-1]) + blockFile
		path = c.blockPath(numbers[len(numbers)-1])
	}
	loss, err := c.setAside(name, path)
	if err == nil {
		c.lose(loss, 0)
	}
	return err
}

// dropSummary has the server read the blocks.
func (c *checker) dropSummary() error {
	return removeIfThere(filepath.Join(c.path, "msgs", summaryFile))
}

// summary reads what the server noted of the stream when it last stopped or
// paused. It may be older than the blocks.
func (c *checker) summary() error {
	c.known = summary{first: 1}
	data, err := os.ReadFile(filepath.Join(c.path, "msgs", summaryFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if s, ok := readSummary(c.stream, data); ok {
		c.known = s
	}
	return nil
}

// setAside keeps a damaged file, whatever takes its place.
func (c *checker) setAside(name, path string) (*Loss, error) {
	dir := filepath.Join(c.folder, asideDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	loss := &Loss{Stream: c.stream, From: c.last, Found: c.now.UTC()}
	loss.File = filepath.Join(dir, c.now.UTC().Format("20060102T150405.000000000")+"-"+c.stream+"-"+name)
	// A copy, not a link: the server goes on writing to the file.
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if err := renameio.WriteFile(loss.File, data, 0o600); err != nil {
		return nil, err
	}
	c.losses = append(c.losses, loss)
	return loss, c.note(loss)
}

// note writes down what a damaged file cost, for the next start.
func (c *checker) note(loss *Loss) error {
	text, err := json.Marshal(loss)
	if err != nil {
		return err
	}
	return renameio.WriteFile(loss.File+lossFile, text, 0o600)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
