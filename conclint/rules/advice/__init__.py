"""Advice: what to write instead, built from the code at the place of a finding.

Looked at while judging, in summaries: `library` says which async library a program runs on, `waiting` how a
place can wait, `allowed` what may be moved, `shared_state` what would be changed that others use, `sending`
what a process can be given and `unsendable` what it can't, `pools` where a pool is made, `imports` what a
place can name.
Looked at in the text, of files with findings only: `site` is the code at the place, `scopes` the names in it,
`expressions`, `blocks`, `counterparts` and `structure` make the changes, `words` the sentences, `shown` the
lines that a reader sees, and `build` chooses among them. A `Change` is made of edits, so that it can be
applied as well as shown.
"""
