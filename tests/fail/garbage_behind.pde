phi_tt + lap(phi) = 0 please   //~ E0104 goes on with `please`
