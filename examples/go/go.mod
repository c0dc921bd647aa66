module example

go 1.21

require sluice v0.0.0

replace sluice => ../../clients/go
