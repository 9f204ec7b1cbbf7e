# Turns what `od -An -v -tu1` prints of a file into the numbers of a C array.
{
  for (i = 1; i <= NF; i++) {
    printf "%s,", $i
  }
  print ""
}
