outbox 4
join slow.1
> joined head=0 epoch=e recovered=true count=1
take slow.1
> presence whole=true joined=[slow] left=[] count=1
join raw.1 lag=catchup
> joined head=0 epoch=e recovered=true count=2
take raw.1
> presence whole=true joined=[raw slow] left=[] count=2
commit bob.1 one
commit bob.1 two
commit bob.1 three
commit bob.1 four
commit bob.1 five
commit bob.1 six
# The native reader gets what fits, then one gap, and is live again.
take slow.1 2
> message 1 bob: one
> message 2 bob: two
commit bob.1 seven
take slow.1
> message 3 bob: three
> message 4 bob: four
take slow.1
> gap 5..7 lag
commit bob.1 eight
take slow.1
> message 8 bob: eight
# The raw reader is caught up, at its own pace, from the tail.
take raw.1
> message 1 bob: one
> message 2 bob: two
> message 3 bob: three
> message 4 bob: four
take raw.1
> message 5 bob: five
> message 6 bob: six
> message 7 bob: seven
> message 8 bob: eight
take raw.1
take raw.1
commit bob.1 nine
take raw.1
> message 9 bob: nine
