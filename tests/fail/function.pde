phi_t - lpa(phi) = 0   //~ E0201 did you mean `lap`?
