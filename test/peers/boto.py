"""boto3 as a client of AWS, for tests: calls what its arguments name and prints one line of JSON per call.

"-" goes on with the lines of stdin, so that one process can be asked before and after its access has ended.
Ends with 1 when the last call failed. Reads nothing but the environment.
"""

import functools
import json
import sys

import boto3


@functools.cache
def sts():
    return boto3.client("sts")


def identity():
    return sts().get_caller_identity()["Arn"]


def account():
    return sts().get_access_key_info(AccessKeyId="ASIAEXAMPLEEXAMPLE00")["Account"]


def call(name):
    try:
        said = {"identity": identity, "account": account}[name]()
        print(json.dumps({"call": name, "said": said}), flush=True)
        return True
    except Exception as error:  # what went wrong is the answer
        print(json.dumps({"call": name, "error": f"{type(error).__name__}: {error}"}), flush=True)
        return False


def main(names):
    worked = True
    for name in names:
        for each in (line.strip() for line in sys.stdin) if name == "-" else [name]:
            worked = call(each)
    return 0 if worked else 1


sys.exit(main(sys.argv[1:]))
