# Turns a text file into C string literals, a line each.
{
  gsub(/\\/, "\\\\")
  gsub(/"/, "\\\"")
  printf "\"%s\\n\"\n", $0
}
