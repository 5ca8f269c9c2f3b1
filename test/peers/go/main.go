// The Go SDK v2 as a client of AWS, as boto.py is with boto3: calls what its arguments name, or with "-" the lines of
// stdin, and prints one line of JSON per call. Reads nothing but the environment.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

type result struct {
	Call  string `json:"call"`
	Said  string `json:"said,omitempty"`
	Error string `json:"error,omitempty"`
}

func ask(ctx context.Context, client *sts.Client, name string) (string, error) {
	switch name {
	case "identity":
		answer, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
		if err != nil {
			return "", err
		}
		return *answer.Arn, nil
	case "account":
		key := "ASIAEXAMPLEEXAMPLE00"
		answer, err := client.GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &key})
		if err != nil {
			return "", err
		}
		return *answer.Account, nil
	}
	return "", fmt.Errorf("no call %q", name)
}

func main() {
	ctx := context.Background()
	settings, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := sts.NewFromConfig(settings)
	code := 0
	call := func(name string) {
		said, err := ask(ctx, client, name)
		line := result{Call: name, Said: said}
		code = 0
		if err != nil {
			line.Error = err.Error()
			code = 1
		}
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
	for _, name := range os.Args[1:] {
		if name != "-" {
			call(name)
			continue
		}
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			call(strings.TrimSpace(lines.Text()))
		}
	}
	os.Exit(code)
}
