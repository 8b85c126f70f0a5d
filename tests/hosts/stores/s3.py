"""A store of objects with the interface of S3, on loopback: moto, which checks every signature.

It has one bucket, `builds`, and one role that may use it. Its port and the login of a session of that role are one line of JSON on
standard output. It ends with its standard input.
"""

import json
import os
import sys

# The server is asked by the client that it is made of, which signs by these until signatures count.
os.environ |= {"AWS_ACCESS_KEY_ID": "first", "AWS_SECRET_ACCESS_KEY": "first", "AWS_DEFAULT_REGION": "us-east-1"}

import boto3
from moto import settings
from moto.moto_server.threaded_moto_server import ThreadedMotoServer


def policy(**statement):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})


server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
_, port = server.get_host_and_port()


def client(service):
    return boto3.client(service, endpoint_url=f"http://127.0.0.1:{port}")


client("s3").create_bucket(Bucket="builds")
roles = client("iam")
trust = policy(Principal={"AWS": "*"}, Action="sts:AssumeRole")
role = roles.create_role(RoleName="builder", AssumeRolePolicyDocument=trust)["Role"]
roles.put_role_policy(RoleName="builder", PolicyName="cache", PolicyDocument=policy(Action="s3:*", Resource="*"))
session = client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="build")["Credentials"]
settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

login = {"id": session["AccessKeyId"], "key": session["SecretAccessKey"], "session": session["SessionToken"]}
print(json.dumps({"port": port, **login}), flush=True)
sys.stdin.read()
