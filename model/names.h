/* Text that people read: refused when it could deceive them or can't be kept exactly. Thread: any. */
#pragma once

/* A name of a person or an office: NFC, letters with their marks, spaces, apostrophes, hyphens, full stops, commas,
 * digits none; no bidirectional control, zero-width character, unassigned or private code point, no leading, trailing
 * or double space. NULL when good, else the fault (sv_field_check). */
const char *model_name_fault(const char *value);
/* Free text of one line: NFC, printable, the same characters refused. */
const char *model_text_fault(const char *value);
/* Visible ASCII without space: identifiers of other systems. */
const char *model_token_fault(const char *value);
