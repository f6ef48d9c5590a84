phi_t - Laplacian(phi) = 0   //~ E0201 did you mean `lap`?
