phi_t - ∇×φ = 0   //~ E0001 a curl is not part
