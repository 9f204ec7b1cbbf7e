# Turns a code list (tab separated: code, text, ...; '#' comments, then one head line) into rows of a C array.
BEGIN { FS = "\t" }
/^#/ { next }
!head { head = 1; next }
NF >= 2 {
  gsub(/\\/, "\\\\", $2)
  gsub(/"/, "\\\"", $2)
  printf "{\"%s\", \"%s\"},\n", $1, $2
}
