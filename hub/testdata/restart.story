log 1..3 tail=3
join ann.1
> joined head=3 epoch=e recovered=true count=1
take ann.1
> presence whole=true joined=[ann] left=[] count=1
restart f
take ann.1
> gap 1..0 epoch
commit bob.1 anew
take ann.1
> message 1 bob: anew
