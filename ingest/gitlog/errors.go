package gitlog

import "errors"

// What can be wrong with a clone. Each says what to do about it.
var (
	ErrNoGit         = errors.New("the git command is not installed; install it, or put it on the PATH")
	ErrNotRepository = errors.New("not a git repository; give the folder of a clone, or of a bare one")
	ErrOwnership     = errors.New("git refuses it because another user owns the folder; run as its owner, or allow it: git config --global --add safe.directory FOLDER")
	ErrEmpty         = errors.New("the repository has no commits yet; nothing to import")
	ErrShallow       = errors.New("the clone is shallow, so its older history is missing; complete it: git fetch --unshallow --tags")
	ErrNoBranch      = errors.New("no such branch; name the one that is released with --branch")
	ErrNoTagMatches  = errors.New("no tag matches; see git tag --list, and change --tags")
	ErrNoService     = errors.New("no service is named; name it with --service")
	ErrCorrupt       = errors.New("git can't read the history; check the clone: git fsck")
)
