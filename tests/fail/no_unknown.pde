m^2 = 0   //~ E0301 no unknown
