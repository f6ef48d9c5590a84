phi_tt + lap(phi)
    - * phi = 0   //~ E0101 expected a formula, found `*`
