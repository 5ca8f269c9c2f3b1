// An outside verifier of jit's audit log: the packages that Go's own checksum database is verified with decide, nothing
// here but reading does. One question a line of stdin, as JSON; one answer a line of stdout.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	// checkpoint, inclusion, consistency
	What string `json:"what"`
	// Verifier key of the log.
	Key string `json:"key"`
	// A signed note; for an inclusion the whole proof file.
	Note string `json:"note"`
	// The signed note of the smaller tree, for a consistency.
	Old string `json:"old"`
	// Base64, one per hash, for a consistency.
	Proof []string `json:"proof"`
}

type answer struct {
	Ok    bool   `json:"ok"`
	Error string `json:"error,omitempty"`
}

type head struct {
	size int64
	root tlog.Hash
}

// open takes a checkpoint (c2sp.org/tlog-checkpoint) that key has signed in the name of its own log.
func open(text, key string) (head, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return head{}, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return head{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return head{}, errors.New("not three lines")
	}
	if lines[0] != verifier.Name() {
		return head{}, errors.New("another origin")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return head{size, root}, err
}

func hashes(lines []string) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, line := range lines {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		found = append(found, hash)
	}
	return found, nil
}

// included checks a proof file (c2sp.org/tlog-proof@v1) whose extra data is the event.
func included(file, key string) error {
	first, checkpoint, found := strings.Cut(file, "\n\n")
	if !found {
		return errors.New("no empty line")
	}
	lines := strings.Split(first, "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no proof file")
	}
	extra, hasExtra := strings.CutPrefix(lines[1], "extra ")
	digits, hasIndex := strings.CutPrefix(lines[2], "index ")
	if !hasExtra || !hasIndex {
		return errors.New("no extra data or no index")
	}
	event, err := base64.StdEncoding.DecodeString(extra)
	if err != nil {
		return err
	}
	index, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return err
	}
	path, err := hashes(lines[3:])
	if err != nil {
		return err
	}
	tree, err := open(checkpoint, key)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(tlog.RecordProof(path), tree.size, tree.root, index, tlog.RecordHash(event))
}

func consistent(q question) error {
	tree, err := open(q.Note, q.Key)
	if err != nil {
		return err
	}
	old, err := open(q.Old, q.Key)
	if err != nil {
		return err
	}
	proof, err := hashes(q.Proof)
	if err != nil {
		return err
	}
	return tlog.CheckTree(tlog.TreeProof(proof), tree.size, tree.root, old.size, old.root)
}

// decide turns a panic on a nonsensical question into a refusal.
func decide(q question) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fmt.Errorf("panic: %v", thrown)
		}
	}()
	switch q.What {
	case "checkpoint":
		_, err = open(q.Note, q.Key)
		return err
	case "inclusion":
		return included(q.Note, q.Key)
	case "consistency":
		return consistent(q)
	}
	return fmt.Errorf("no question %q", q.What)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for lines.Scan() {
		var q question
		err := json.Unmarshal(lines.Bytes(), &q)
		if err == nil {
			err = decide(q)
		}
		reply := answer{Ok: err == nil}
		if err != nil {
			reply.Error = err.Error()
		}
		text, _ := json.Marshal(reply)
		out.Write(append(text, '\n'))
	}
}
