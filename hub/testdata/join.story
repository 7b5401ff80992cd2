log 1..5 tail=3
# Without since: only what comes from now on.
join ann.1
> joined head=5 epoch=e recovered=true count=1
# Within the tail: no read of the store.
join bob.1 since=3
> joined head=5 epoch=e recovered=true count=2
take bob.1
> presence whole=true joined=[ann bob] left=[] count=2
> message 4 old: m4
> message 5 old: m5
# Further back: a page is read, and then it is live.
join cid.1 since=0
> joined head=5 epoch=e recovered=true count=3
> read 1..5 for cid.1
commit ann.1 new
page
take cid.1
> presence whole=true joined=[ann bob cid] left=[] count=3
> message 1 old: m1
> message 2 old: m2
> message 3 old: m3
> message 4 old: m4
> message 5 old: m5
> message 6 ann: new
commit ann.1 newer
take cid.1
> message 7 ann: newer
# The last two.
join dan.1 since=-2
> joined head=7 epoch=e recovered=true count=4
take dan.1
> presence whole=true joined=[ann bob cid dan] left=[] count=4
> message 6 ann: new
> message 7 ann: newer
# More than there are.
join eve.1 since=-100
> joined head=7 epoch=e recovered=true count=5
> read 1..7 for eve.1
page
take eve.1
> presence whole=true joined=[ann bob cid dan eve] left=[] count=5
> message 1 old: m1
> message 2 old: m2
> message 3 old: m3
> message 4 old: m4
> message 5 old: m5
> message 6 ann: new
> message 7 ann: newer
# Up to date.
join fay.1 since=7
> joined head=7 epoch=e recovered=true count=6
take fay.1
> presence whole=true joined=[ann bob cid dan eve fay] left=[] count=6
