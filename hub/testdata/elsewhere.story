# Presence is one over all nodes: a user who is here and there is one user.
join ann.1
> joined head=0 epoch=e recovered=true count=1
news
> whole=false joined=[ann] left=[]
node n2 joined=bob,ann
beat
take ann.1
> presence whole=true joined=[ann] left=[] count=1
> presence whole=false joined=[ann bob] left=[] count=2
# Joins of another node are no news of this one.
news
# Gone there, still here; gone here, still there.
node n2 left=ann
beat
take ann.1
node n2 joined=ann
join bob.1
> joined head=0 epoch=e recovered=true count=2
news
> whole=false joined=[bob] left=[]
beat
take ann.1
leave bob.1
news
> whole=false joined=[] left=[bob]
beat
take ann.1
# Two nodes with the same user.
node n3 joined=bob,cy
node n2 left=bob
beat
take ann.1
> presence whole=false joined=[cy] left=[] count=3
node n3 left=bob
beat
take ann.1
> presence whole=false joined=[] left=[bob] count=2
# What got lost is made good by a whole.
node n3 whole=dan
beat
take ann.1
> presence whole=false joined=[dan] left=[cy] count=2
# What was told already, or never was, changes nothing.
node n3 joined=dan left=eve
node n4 left=eve
beat
take ann.1
# From one node to the other between two beats: nothing happened.
node n3 left=dan
node n2 joined=dan
beat
take ann.1
# A user has another name.
rename ann.1 Anna
news
> whole=false joined=[Anna] left=[]
# A node that falls silent is forgotten, one that tells is not.
sweep
node n3 whole=eve
sweep
sweep
beat
take ann.1
> presence whole=false joined=[Anna eve] left=[] count=3
sweep
beat
take ann.1
> presence whole=false joined=[] left=[dan] count=2
whole
> whole=true joined=[Anna] left=[]
leave ann.1
news
> whole=false joined=[] left=[ann]
whole
