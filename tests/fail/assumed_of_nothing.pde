phi_tt + lap(phi) - mu^2 phi = 0 where nu > 0   //~ E0209 did you mean `mu`?
