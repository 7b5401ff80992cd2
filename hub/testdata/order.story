# Everyone in a room sees the same messages in the same order, the sender too.
join ann.1
> joined head=0 epoch=e recovered=true count=1
join bob.1
> joined head=0 epoch=e recovered=true count=2
commit ann.1 hello
commit bob.1 hi
take ann.1
> presence whole=true joined=[ann] left=[] count=1
> message 1 ann: hello
> message 2 bob: hi
take bob.1
> presence whole=true joined=[ann bob] left=[] count=2
> message 1 ann: hello
> message 2 bob: hi

# One who does not want its own back gets all others'.
commit bob.1 shout quiet
commit ann.1 what?
take bob.1
> message 4 ann: what?
take ann.1
> message 3 bob: shout quiet
> message 4 ann: what?
