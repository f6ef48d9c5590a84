pde biharmonic {
    equation phi_t + lap(lap(phi)) = 0;
    expect   not_s_generative by C1;
    claim    s_generative by "Table 4";   //~ E0311 add `because
}
