phi_t = \nabla^2 \phi   //~ E0001 LaTeX is not read
