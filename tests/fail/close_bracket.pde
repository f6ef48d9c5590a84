phi_tt + lap(phi)) = 0   //~ E0102 closes nothing
