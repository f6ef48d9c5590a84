pde broken { title "no end;   //~ E0005 never ends
