phi_t - lap phi = 0   //~ E0208 `lap` needs an argument in brackets
