log 4..6 tail=3
# What the log no longer has is told once, the rest is delivered.
join ann.1 since=1
> joined head=6 epoch=e recovered=false count=1
take ann.1
> presence whole=true joined=[ann] left=[] count=1
> gap 2..3 trimmed
> message 4 old: m4
> message 5 old: m5
> message 6 old: m6
# Another epoch: the reader's log is gone.
join bob.1 since=5 epoch=old
> joined head=6 epoch=e recovered=false count=2
take bob.1
> presence whole=true joined=[ann bob] left=[] count=2
> gap 4..6 epoch
# The same epoch.
join cid.1 since=5 epoch=e
> joined head=6 epoch=e recovered=true count=3
take cid.1
> presence whole=true joined=[ann bob cid] left=[] count=3
> message 6 old: m6
# Since beyond head: that was another log too.
join dan.1 since=99
> joined head=6 epoch=e recovered=false count=4
take dan.1
> presence whole=true joined=[ann bob cid dan] left=[] count=4
> gap 4..6 epoch
commit ann.1 on
take ann.1
> message 7 ann: on
take bob.1
> message 7 ann: on
take dan.1
> message 7 ann: on
