"""Cluster on AWS Lambda."""

from common.aws_lambda import batch_handler
from functions.cluster.__main__ import connected

lambda_handler = batch_handler("cluster", connected)
