package streamfiles

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
	"github.com/minio/highwayhash"
)

// pendingFile holds settings that are being written: they are two files, and a
// crash between them would look like damage.
const pendingFile = "settings-pending.json"

type pending struct {
	Stream   string `json:"stream"`
	Settings []byte `json:"settings"`
}

// Upgrade changes the settings of streams that an older version made and the
// server refuses to change, and gives the streams' names. Messages, their
// sequences and times stay as they are.
//
// Until spans were synced before they were acknowledged, SPANS was made with
// asynchronous persistence. It only says how the server writes.
func Upgrade(folder string) ([]string, error) {
	if err := finishPending(folder); err != nil {
		return nil, err
	}
	streams, err := streamFolders(folder)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, path := range streams {
		stream := filepath.Base(path)
		settings, err := os.ReadFile(filepath.Join(path, settingsFile))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return changed, err
		}
		fields := map[string]json.RawMessage{}
		if json.Unmarshal(settings, &fields) != nil || !bytes.Equal(fields["persist_mode"], []byte(`"async"`)) {
			continue
		}
		if sum, err := checksum(stream, settings); err != nil {
			return changed, err
		} else if have, err := os.ReadFile(filepath.Join(path, settingsSum)); err != nil || string(have) != sum {
			continue // damaged, which is for Check
		}
		delete(fields, "persist_mode")
		p := pending{Stream: stream}
		if p.Settings, err = json.Marshal(fields); err != nil {
			return changed, err
		}
		text, err := json.Marshal(p)
		if err != nil {
			return changed, err
		}
		if err := renameio.WriteFile(filepath.Join(folder, pendingFile), text, 0o600); err != nil {
			return changed, fmt.Errorf("remake stream %s: %w", stream, err)
		}
		if err := finishPending(folder); err != nil {
			return changed, err
		}
		changed = append(changed, stream)
	}
	return changed, nil
}

func finishPending(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, pendingFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var p pending
	if err := json.Unmarshal(text, &p); err != nil {
		return fmt.Errorf("read %s: %w", pendingFile, err)
	}
	path := filepath.Join(folder, "jetstream", "$G", "streams", p.Stream)
	sum, err := checksum(p.Stream, p.Settings)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(filepath.Join(path, settingsFile), p.Settings, 0o600); err != nil {
		return fmt.Errorf("remake stream %s: %w", p.Stream, err)
	}
	if err := renameio.WriteFile(filepath.Join(path, settingsSum), []byte(sum), 0o600); err != nil {
		return fmt.Errorf("remake stream %s: %w", p.Stream, err)
	}
	return os.Remove(filepath.Join(folder, pendingFile))
}

// checksum is that of a stream's settings, as meta.sum has it.
func checksum(stream string, settings []byte) (string, error) {
	key := sha256.Sum256([]byte(stream))
	h, err := highwayhash.New64(key[:])
	if err != nil {
		return "", err
	}
	_, _ = h.Write(settings)
	return hex.EncodeToString(h.Sum(nil)), nil
}
