# split.awk -v folder=FOLDER DOCUMENT.md
#
# Writes every fenced block of a Markdown document to FOLDER/<number>.<language>, and one line a block to FOLDER/list:
# number, language, line in the document. An HTML comment right above a block may speak to the test:
#   <!-- test: sed s/--epochs 800/--epochs 1/ -->   to FOLDER/<number>.sed
#   <!-- test: file my.json -->                     to FOLDER/<number>.file
#   <!-- test: before                               to FOLDER/<number>.before
#   lines
#   -->
function note(kind, text) { if (kind in notes) notes[kind] = notes[kind] "\n" text; else notes[kind] = text }
function trimmed(text) { sub(/^[ \t]+/, "", text); sub(/[ \t]+$/, "", text); return text }

BEGIN { printf "" > (folder "/list") }

inside {
  line = $0
  if (trimmed(line) ~ /^(```+|~~~+)$/ && substr(trimmed(line), 1, length(fence)) == fence) { inside = 0; close(block); next }
  if (substr(line, 1, indent) ~ /^ *$/) line = substr(line, indent + 1)
  print line > block
  next
}
prelude {
  if (trimmed($0) == "-->") prelude = 0
  else note("before", $0)
  next
}
trimmed($0) == "<!-- test: before" { prelude = 1; next }
trimmed($0) ~ /^<!-- test: .* -->$/ {
  text = trimmed($0)
  sub(/^<!-- test: /, "", text); sub(/ -->$/, "", text)
  kind = text; sub(/ .*/, "", kind); sub(/^[^ ]* /, "", text)
  if (kind != "sed" && kind != "file") { print "line " NR ": a test is told 'sed', 'file' or 'before', not '" kind "'"; bad = 1 }
  note(kind, text)
  next
}
trimmed($0) ~ /^(```|~~~)/ {
  text = trimmed($0)
  match(text, /^(`+|~+)/)
  fence = substr(text, 1, RLENGTH); language = trimmed(substr(text, RLENGTH + 1))
  indent = match($0, /[`~]/) - 1
  if (language !~ /^[a-z]+$/) language = "none"
  number++; inside = 1; block = folder "/" number "." language
  printf "" > block
  print number, language, NR > (folder "/list")
  for (kind in notes) print notes[kind] > (folder "/" number "." kind)
  delete notes
  next
}
trimmed($0) != "" {
  for (kind in notes) { print "line " NR ": the comment above speaks of no block"; bad = 1 }
  delete notes
}
END {
  if (inside || prelude) { print "a block or comment has no end"; bad = 1 }
  for (kind in notes) { print "the last comment speaks of no block"; bad = 1 }
  exit bad
}
