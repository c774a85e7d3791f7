/**
 * The directives by which an nginx keeps its temporary files in a folder: elsewhere it may not write.
 */
export const temporaryPaths = (folder: string) => `
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;`;
