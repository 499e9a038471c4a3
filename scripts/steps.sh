# Sourced by ./dev: what is said to the person in front, and how long everything took.

say() { printf '\n── %s\n' "$*"; }

die() {
  printf 'dev: %s\n' "$*" >&2
  exit 1
}

# step NAME COMMAND…: runs it under its name and says how many seconds it took. A command that fails
# ends ./dev with the step's name.
step() {
  local name=$1 started=$SECONDS
  shift
  STEP=$name
  say "$name"
  "$@"
  STEP=
  printf '── %s: %s s\n' "$name" "$((SECONDS - started))"
}

tell_failed_step() { [[ -z ${STEP:-} ]] || printf '── %s: FAILED\n' "$STEP"; }
trap tell_failed_step EXIT

# run_parts COMMAND PART…: `./dev COMMAND PART` for each, all of them whatever fails, and a summary.
run_parts() {
  local command=$1 part started verdict failed=0 summary=
  shift
  for part in "$@"; do
    started=$SECONDS verdict=passed
    ./dev "$command" "$part" || verdict=FAILED failed=$((failed + 1))
    summary+="   $command $part: $verdict in $((SECONDS - started)) s"$'\n'
  done
  verdict="all $# passed"
  ((failed == 0)) || verdict="$failed of $# FAILED"
  printf '\n── %s: %s\n%s' "$command" "$verdict" "$summary"
  ((failed == 0))
}
