"""Code generated from protos/schedule_builder/v1. Do not edit: run `make protos`."""
