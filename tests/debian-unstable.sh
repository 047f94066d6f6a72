#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/debian.sh for Debian unstable: by hand, since what it finds changes from day to day.
exec "$(dirname -- "${BASH_SOURCE[0]}")/debian.sh" unstable
