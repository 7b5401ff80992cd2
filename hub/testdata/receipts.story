log 1..9 tail=9
join ann.1
> joined head=9 epoch=e recovered=true count=1
join bob.1
> joined head=9 epoch=e recovered=true count=2
beat
take ann.1
> presence whole=true joined=[ann] left=[] count=1
> presence whole=false joined=[ann bob] left=[] count=2
take bob.1
> presence whole=true joined=[ann bob] left=[] count=2
> presence whole=false joined=[ann bob] left=[] count=2
receipt bob received=5 read=3
> rose=true received=5 read=3
beat
take ann.1
> receipt bob received=5 read=3
# Watermarks only grow, and never beyond head; read implies received.
receipt bob received=4 read=2
> rose=false received=5 read=3
receipt bob received=99
> rose=true received=9 read=3
receipt bob read=99
> rose=true received=9 read=9
beat
take ann.1
> receipt bob received=9 read=9
# Two between beats are told as one.
commit ann.1 ten
commit ann.1 eleven
receipt bob received=10
> rose=true received=10 read=9
receipt bob received=11
> rose=true received=11 read=9
beat
take ann.1
> message 10 ann: ten
> message 11 ann: eleven
> receipt bob received=11 read=9
