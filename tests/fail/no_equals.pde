phi_tt + lap(phi) - m^2 phi   //~ E0103 an equation needs `=`
