# A backlog of three pages costs one page of memory at a time.
log 1..300 tail=10
outbox 300
join ann.1 since=0
> joined head=300 epoch=e recovered=true count=1
> read 1..128 for ann.1
commit bob.1 live
page
> read 129..256 for ann.1
page
take ann.1 1
> presence whole=true joined=[ann] left=[] count=1
