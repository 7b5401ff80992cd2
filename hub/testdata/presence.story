join ann.1
> joined head=0 epoch=e recovered=true count=1
take ann.1
> presence whole=true joined=[ann] left=[] count=1
join bob.1
> joined head=0 epoch=e recovered=true count=2
beat
take ann.1
> presence whole=false joined=[ann bob] left=[] count=2
take bob.1
> presence whole=true joined=[ann bob] left=[] count=2
> presence whole=false joined=[ann bob] left=[] count=2
# A second session of a user changes nothing for others.
join bob.2
> joined head=0 epoch=e recovered=true count=2
beat
take ann.1
leave bob.1
beat
take ann.1
# The last one does.
leave bob.2
beat
take ann.1
> presence whole=false joined=[] left=[bob] count=1
# Gone and back between two beats: nothing happened.
join bob.3
> joined head=0 epoch=e recovered=true count=2
beat
take ann.1
> presence whole=false joined=[bob] left=[] count=2
leave bob.3
join bob.4
> joined head=0 epoch=e recovered=true count=2
beat
take ann.1
# Come, gone and back between two beats: that is coming.
join cy.1
> joined head=0 epoch=e recovered=true count=3
leave cy.1
join cy.2
> joined head=0 epoch=e recovered=true count=3
beat
take ann.1
> presence whole=false joined=[cy] left=[] count=3
leave cy.2
beat
take ann.1
> presence whole=false joined=[] left=[cy] count=2
# But whoever has joined between the two was told a list without them, and has to hear.
leave bob.4
join cy.1
> joined head=0 epoch=e recovered=true count=2
take cy.1
> presence whole=true joined=[ann bob cy] left=[] count=3
> presence whole=true joined=[ann cy] left=[] count=2
join bob.4
> joined head=0 epoch=e recovered=true count=3
beat
take cy.1
> presence whole=false joined=[bob cy] left=[] count=3
leave cy.1
beat
take ann.1
> presence whole=false joined=[bob cy] left=[] count=3
> presence whole=false joined=[] left=[cy] count=2
take bob.4
> presence whole=true joined=[ann bob] left=[] count=2
> presence whole=false joined=[cy] left=[] count=3
> presence whole=false joined=[] left=[cy] count=2
> presence whole=true joined=[ann bob cy] left=[] count=3
> presence whole=false joined=[bob cy] left=[] count=3
> presence whole=false joined=[] left=[cy] count=2
# A new name is told like an arrival.
rename bob.4 Robert
beat
take ann.1
> presence whole=false joined=[Robert] left=[] count=2
# Signals go to all but the session they come from, and cost no seq.
signal ann.1 typing
take bob.4
> signal ann typing
take ann.1
