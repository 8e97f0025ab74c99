// Checks proofs with the packages behind Go's checksum database: one JSON value a line in, "true" or "false" a line out.
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

type proof struct {
	Kind   string
	Key    string
	Note   string
	Event  string
	Index  int64
	Old    string
	Hashes []string
}

func hash(text string) (found tlog.Hash, err error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != tlog.HashSize {
		return found, errors.New("no hash")
	}
	copy(found[:], raw)
	return found, nil
}

// head checks a checkpoint's signature and reads its size and root.
func head(key, signed string) (int64, tlog.Hash, error) {
	var none tlog.Hash
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return 0, none, err
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		return 0, none, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return 0, none, errors.New("no checkpoint of this log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return 0, none, err
	}
	root, err := hash(lines[2])
	return size, root, err
}

func check(given proof) error {
	size, root, err := head(given.Key, given.Note)
	if err != nil {
		return err
	}
	hashes := []tlog.Hash{}
	for _, text := range given.Hashes {
		each, err := hash(text)
		if err != nil {
			return err
		}
		hashes = append(hashes, each)
	}
	switch given.Kind {
	case "inclusion":
		return tlog.CheckRecord(hashes, size, root, given.Index, tlog.RecordHash([]byte(given.Event)))
	case "consistency":
		old, before, err := head(given.Key, given.Old)
		if err != nil {
			return err
		}
		return tlog.CheckTree(hashes, size, root, old, before)
	}
	return errors.New("no such kind")
}

func main() {
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var given proof
		if err := json.Unmarshal(line, &given); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(check(given) == nil)
	}
}
