phi_t - lap(phi) # 0   //~ E0001 `#` has no meaning
