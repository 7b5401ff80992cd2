# Messages of other nodes come in by the log: what was missed is read, and order holds.
join ann.1
> joined head=0 epoch=e recovered=true count=1
take ann.1
> presence whole=true joined=[ann] left=[] count=1
elsewhere zoe one
commit ann.1 two
> read 1..1 for the room
take ann.1
page
take ann.1
> message 1 zoe: one
> message 2 ann: two
# The bus said so: the same door.
elsewhere zoe three
elsewhere zoe four
hear 4
> read 3..4 for the room
hear 4
page
take ann.1
> message 3 zoe: three
> message 4 zoe: four
