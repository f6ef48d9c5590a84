(phi_t + a + b + c + d)^12 (phi + e + f + g + h)^12 = 0   //~ E0308 too many terms
