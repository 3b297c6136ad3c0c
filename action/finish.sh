#!/usr/bin/env bash
# Ends the job with the exit code of mtls-lint, or with a failure where an upload was asked for and failed.
set -euo pipefail

if [[ "$UPLOAD" == failure ]]; then
    if [[ "$INPUT_SARIF" == true ]]; then
        echo '::error::mtls-lint: the upload to code scanning failed; does the job have the permission security-events: write?'
        [[ "$EXIT_CODE" != 0 ]] || EXIT_CODE=1
    else
        echo '::notice::mtls-lint: nothing was uploaded to code scanning; that takes the permission security-events: write'
    fi
fi
exit "$EXIT_CODE"
